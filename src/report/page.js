(function(){'use strict';
var hero=document.getElementById('hero'),zoom=document.getElementById('zoom');
function enlarge(src){zoom.firstElementChild.src=src;zoom.showModal();}
if(hero){
var range=document.getElementById('range'),step=document.getElementById('step');
var play=document.getElementById('play'),grids=document.getElementById('grids'),timer=0;
var frames=Array.from(grids.querySelectorAll('img')).map(function(img){
return{src:img.src,step:img.alt};});
frames.push({src:hero.src,step:hero.alt});
var show=function(i){range.value=i;hero.src=frames[i].src;hero.alt=step.value=frames[i].step;};
var stop=function(){clearInterval(timer);timer=0;play.textContent='Play';};
range.max=frames.length-1;show(frames.length-1);
play.hidden=range.hidden=frames.length===1;
range.oninput=function(){stop();show(Number(range.value));};
play.onclick=function(){if(timer){stop();return;}
var i=-1;play.textContent='Stop';timer=setInterval(function(){
i=i+1;show(i);if(i===frames.length-1)stop();},Math.max(120,Math.min(600,6000/frames.length)));};
hero.onclick=function(){enlarge(hero.src);};
grids.onclick=function(e){var f=e.target.closest('figure');
if(f)enlarge(f.querySelector('img').src);};
zoom.onclick=function(){zoom.close();};
}
document.querySelectorAll('.chart').forEach(function(chart){
var svg=chart.querySelector('svg'),d=svg.dataset,cursor=svg.querySelector('.cursor');
var outs=chart.querySelectorAll('output'),note=chart.querySelector('small'),text=note.textContent;
var rows=d.values?d.values.split(';').map(function(r){return r.split(' ');}):[];
var left=Number(d.left),right=Number(d.right),from=Number(d.from),to=Number(d.to);
if(!rows.length)return;
svg.onpointermove=function(e){
var box=svg.getBoundingClientRect();
var x=(e.clientX-box.left)/box.width*svg.viewBox.baseVal.width;
var at=from+(x-left)/(right-left)*(to-from),best=rows[0];
rows.forEach(function(r){if(Math.abs(best[0]-at)>Math.abs(r[0]-at))best=r;});
var px=left+(best[0]-from)/(to-from)*(right-left);
cursor.setAttribute('x1',px);cursor.setAttribute('x2',px);cursor.setAttribute('visibility','visible');
outs.forEach(function(o,i){o.value=best[i+1];});note.textContent='step '+best[0];};
svg.onpointerleave=function(){cursor.setAttribute('visibility','hidden');
outs.forEach(function(o){o.value='';});note.textContent=text;};
});
})();
